import { describe, expect, test } from 'vitest'
import { buildProfile, firstDataFd, statusFd, type ProfileOptions } from './profile.ts'

const options: ProfileOptions = {
  workspace: '/home/u/project',
  cwd: '/home/u/project/sub',
  identity: { uid: 1001, gid: 1002, isRoot: false, drop: false },
  environment: { PATH: '/usr/bin', HOME: '/home/task' },
  toolchains: ['/opt/node/bin'],
  paths: [],
  protectedPaths: {
    pinned: ['/home/u/project/.git'],
    readOnly: ['/home/u/project/.git/hooks'],
    hidden: ['/home/u/project/.env'],
  },
  covered: ['/home/u/project/.tandem'],
  topLevel: { '/bin': { link: 'usr/bin' }, '/lib64': 'folder' },
  etcFiles: ['nsswitch.conf'],
  disableUserns: true,
  bindsHeld: false,
  limits: { scratchMb: 64 },
  git: { name: 'A "quoted" name' },
}
const line = (changes: Partial<ProfileOptions> = {}) => buildProfile({ ...options, ...changes }).args.join(' ')

describe('the profile, as data', () => {
  test('everything is unshared, no capability, no parent, no environment of ours', () => {
    for (const part of ['--unshare-user --unshare-all', '--cap-drop ALL', '--die-with-parent', '--clearenv']) {
      expect(line()).toContain(part)
    }
  })

  test('[SBX-20] only the workspace is writable, and of it not what others would run', () => {
    const { args } = buildProfile(options)
    const binds = args.flatMap((arg, i) => (arg === '--bind' ? [args[i + 2]] : []))
    expect(binds).toEqual(['/home/u/project', '/home/u/project/.git'])
    expect(args.indexOf('/home/u/project/.git/hooks')).toBeGreaterThan(args.lastIndexOf('--bind'))
    expect(args.slice(-7)).toEqual(['--remount-ro', '/', '--seccomp', expect.any(String), '--chdir', options.cwd, '--'])
  })

  test('a command that may only look gets no writable bind at all', () => {
    expect(line({ writable: false })).not.toContain('--bind ')
  })

  test('a toolchain is bound before the workspace, so that it can never cover it', () => {
    const { args } = buildProfile(options)
    expect(args.indexOf('/opt/node/bin')).toBeLessThan(args.indexOf('/home/u/project'))
  })

  test('root is mapped to an ordinary number, anyone else to their own', () => {
    expect(line()).toContain('--uid 1001 --gid 1002')
    expect(line({ identity: { uid: 0, gid: 0, isRoot: true, drop: false } })).toContain('--uid 1000 --gid 1000')
  })

  test('each file descriptor is given once, from the first on, after the report', () => {
    const { args, data } = buildProfile(options)
    const flags = new Set(['--file', '--ro-bind-data', '--seccomp'])
    const fds = args.flatMap((arg, i) => (flags.has(arg) ? [Number(args[i + 1])] : []))
    expect(fds).toEqual(data.map((_, i) => firstDataFd + i))
    expect(firstDataFd).toBe(statusFd + 1)
    expect(data.at(-1)).toEqual({ content: 'filter' })
  })

  test('git knows a name for commits and trusts the folder, and nothing else', () => {
    const texts = buildProfile(options).data.flatMap((file) => (file.content === 'text' ? [file.text] : []))
    const config = texts.find((text) => text.startsWith('[user]'))
    expect(config).toContain('name = "A \\"quoted\\" name"')
    expect(config).toContain('directory = "/home/u/project"')
  })

  test('hidden files beyond the descriptors there are cannot be opened instead', () => {
    const hidden = Array.from({ length: 70 }, (_, i) => `/home/u/project/${i}/.env`)
    const { args, data } = buildProfile({ ...options, protectedPaths: { ...options.protectedPaths, hidden } })
    expect(data.filter((file) => file.content === 'empty')).toHaveLength(64)
    expect(args.join(' ')).toContain('--ro-bind /dev/null /home/u/project/69/.env')
  })

  test('[SBX-74] no folder of private keys and no git setting of the machine is bound', () => {
    expect(line()).not.toMatch(/\/etc\/ssl( |$)|\/etc\/pki( |$)|gitconfig \/etc/)
    expect(line()).not.toContain('/etc/gitconfig')
  })
})
