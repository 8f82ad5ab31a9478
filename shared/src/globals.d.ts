/** What browsers and Node both have and pure code may use; nothing else of either is visible here. */
declare global {
  class AbortSignal {
    readonly aborted: boolean
    readonly reason: unknown
    addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
    removeEventListener(type: 'abort', listener: () => void): void
  }
  class AbortController {
    readonly signal: AbortSignal
    abort(reason?: unknown): void
  }
  class TextEncoder {
    encode(text: string): Uint8Array
  }
  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
    decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
  }
  const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array }
  function setTimeout(call: () => void, ms: number): unknown
  function clearTimeout(timer: unknown): void
  function atob(base64: string): string
  function btoa(binary: string): string
  function queueMicrotask(call: () => void): void
}
export {}
