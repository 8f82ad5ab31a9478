import { z } from 'zod'
import { isRange } from '../egress/address.ts'
import { HostRule, NetworkRule } from '../egress/rules.ts'

/** What code may fetch where nobody says otherwise [S227]. */
const founding = [
  'https://github.com/',
  'https://api.github.com/',
  'https://raw.githubusercontent.com/',
  '@npm',
  'https://cdn.jsdelivr.net/',
  'https://unpkg.com/',
]

/** What a command is granted: a host, or `@npm`, the registry that npm is configured with on this machine. */
const Granted = z.union([z.literal('@npm'), HostRule])
const Hosts = z.array(HostRule).max(500)

/** A host by its name, `*.name`, an address or a range of addresses. */
const Place = z
  .string()
  .max(300)
  .refine((text) => isRange(text) || /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(text), {
    message: 'it is neither a host (name.example, *.example), an address nor a range (10.0.0.0/8)',
  })

/** What may be reached, by code (`allow`, `methods`) and by commands (`commands`). Without a rule it is nothing. */
export const NetworkPolicy = z.strictObject({
  /** URLs with all below them, hosts, and `@npm`, that code may fetch. */
  allow: z
    .array(z.union([z.literal('@npm'), NetworkRule]))
    .max(500)
    .default(founding),
  /** Hosts that are never reached, by code nor by commands, whatever else is allowed. */
  deny: Hosts.default([]),
  methods: z.array(z.string().regex(/^[A-Z]{3,20}$/)).default(['GET', 'HEAD', 'OPTIONS']),
  /** What may be reached though it is no public address. It must be allowed besides. */
  allowPrivate: z.array(Place).max(100).default([]),
  /** The ports that a host is allowed with where its rule names none. */
  ports: z.array(z.int().min(1).max(65_535)).max(100).default([80, 443]),
  commands: z
    .strictObject({
      /** For a host that a task asks for and no rule names. */
      default: z.enum(['allow', 'ask', 'deny']).default('ask'),
      /** Given to every task that asks for them. */
      allow: Hosts.default([]),
      /** By words of a command: given to it without being asked for, as `{ "npm ci *": ["@npm"] }`. */
      standing: z.record(z.string().min(1).max(200), z.array(Granted).max(20)).default({}),
    })
    .prefault({}),
  /** Ports at which a command's own servers are reached from this machine, where its task asks for them. */
  serve: z
    .strictObject({
      default: z.enum(['allow', 'ask', 'deny']).default('ask'),
      allow: z.array(z.int().min(1_024).max(65_535)).max(100).default([]),
    })
    .prefault({}),
})
export type NetworkPolicy = z.infer<typeof NetworkPolicy>
