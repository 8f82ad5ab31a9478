/** What browsers and Node both have and pure code may use; nothing else of either is visible here. */
declare class AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}
declare function setTimeout(call: () => void, ms: number): unknown
declare function clearTimeout(timer: unknown): void
declare function queueMicrotask(call: () => void): void
