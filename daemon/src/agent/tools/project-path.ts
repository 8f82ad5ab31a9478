import { parsePath } from '@tandem/shared'
import { z } from 'zod'

/** A path as models write it: relative to the workspace's root, which the shell calls `/workspace`. */
export const ProjectPath = z
  .string()
  .min(1)
  .max(4_096)
  .describe('Path relative to the root of the workspace, such as src/main.ts.')

/** The path as the tree knows it; throws `path-invalid` and its like. The empty path is the root. */
export function projectPath(raw: string): string {
  const path = raw.replace(/^(?:\/workspace(?=\/|$)|\.(?=\/|$))/, '').replace(/^\/+|\/+$/g, '')
  return path === '' || path === '.' ? '' : parsePath(path)
}
