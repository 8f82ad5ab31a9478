import { dirname } from 'node:path'
import type { LanguageModelV4 } from '@ai-sdk/provider'
import { TandemError } from '@tandem/shared'
import { createHelperModel } from '../helper/helper-model.ts'
import { createKeys } from './keys.ts'
import { defaultFacts, wellKnown, type FoundModelSettings, type ModelFacts, type Provider } from './settings.ts'

/** A model that can be asked now, and what is known of it. */
export type OpenModel = { readonly id: string; readonly model: LanguageModelV4; readonly facts: ModelFacts }

export type Opened = OpenModel | { readonly id: string; readonly needsKey: string }

type Options = FoundModelSettings & {
  /** The machine's environment: where keys may stand. */
  environment: Readonly<Record<string, string | undefined>>
}

/**
 * The models that the agent may use, by `provider:model`. Keys are read when a model is opened and go to that provider
 * alone: no answer of it may send them elsewhere.
 */
export function createModels({ file, settings, environment }: Options) {
  const keys = createKeys({ environment, folder: dirname(file) })
  const providers: Readonly<Record<string, Provider>> = { ...wellKnown, ...settings.providers }
  const isUsable = (provider: Provider) => (keys.read(provider)?.state ?? 'found') === 'found'
  return {
    /** What the owner chose; else gpt-4o where OpenAI has a key [S237]; else the helper, which needs none. */
    default: (): string => {
      if (settings.default !== undefined) return settings.default
      return providers.openai && isUsable(providers.openai) ? 'openai:gpt-4o' : helperId
    },
    /** Each provider, and why it cannot be used where it cannot. */
    providers: () =>
      Object.entries(providers).map(([name, provider]) => {
        const key = keys.read(provider)
        return { name, kind: provider.kind, needsKey: key?.state === 'missing' ? key.reason : undefined }
      }),
    /** Opens `provider:model`; says what is missing where that is a key. Throws `not-found` for a provider nobody set up. */
    open: async (id: string): Promise<Opened> => {
      if (id === helperId)
        return { id, model: createHelperModel(), facts: { ...defaultFacts, contextTokens: 10_000_000 } }
      const [, providerName = '', modelId = ''] = /^([^:]*):(.+)$/s.exec(id) ?? []
      const provider = Object.hasOwn(providers, providerName) ? providers[providerName] : undefined
      if (!provider || modelId === '') {
        const known = Object.keys(providers).join(', ')
        throw new TandemError('not-found', {
          reason: `there is no model '${id.slice(0, 200)}'; say it as provider:model, with a provider of ${file} or one of ${known}`,
        })
      }
      const key = keys.read(provider)
      if (key?.state === 'missing') return { id, needsKey: `${providerName} has no key: ${key.reason}` }
      const model = await languageModel(providerName, provider, modelId, key?.value)
      return { id, model, facts: settings.models[id] ?? defaultFacts }
    },
    /** The same words without any key: for all that a provider said before it is shown or kept. */
    redact: keys.redact,
  }
}

/** The built-in helper's name among the models. */
const helperId = 'helper:built-in'

export type Models = ReturnType<typeof createModels>

/** Each provider's package is loaded when a model of it is opened: one that asks none starts without them. */
async function languageModel(name: string, { kind, baseUrl }: Provider, id: string, key: string | undefined) {
  const at = { ...(baseUrl !== undefined && { baseURL: baseUrl }), fetch: withoutRedirects }
  // Without one a provider's package would look into the environment itself.
  const apiKey = key ?? 'none'
  switch (kind) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      // Not the Responses API: nothing of a conversation is kept at the provider, and the messages are all there is.
      return createOpenAI({ ...at, apiKey }).chat(id)
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic({ ...at, apiKey })(id)
    }
    case 'google': {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle({ ...at, apiKey })(id)
    }
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const own = key !== undefined && { apiKey: key }
      // Without `includeUsage` such servers count no tokens in a stream.
      return createOpenAICompatible({ ...at, name, baseURL: baseUrl ?? '', includeUsage: true, ...own })(id)
    }
  }
}

/** A redirect would take the key, in a header that fetch does not know for one, to wherever the answer says. */
const withoutRedirects: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'error' })
