/** What one look of `tandem doctor` found, and what to do about it. */
export type Finding = { is: 'ok' | 'warn' | 'fail'; says: string; fix?: string }
