export { aborted } from './base/aborted.ts'
export { backoffMs } from './base/backoff.ts'
export { createBuckets, type Buckets } from './base/buckets.ts'
export { changes } from './base/changes.ts'
export { systemClock, wait, type Clock } from './base/clock.ts'
export { TandemError, errorTable, isTandemError, messageOf, type ErrorCode } from './base/errors.ts'
export { isLoopback } from './base/hosts.ts'
export { Id, createId } from './base/ids.ts'
export { inWords } from './base/in-words.ts'
export { createLog, silentLog, type Log, type LogLevel } from './base/log.ts'
export { checkPath, clashKey, foldedName, isProtectedName, nameOf, parentOf, parsePath } from './base/path.ts'
export { keepColour, plainText, visibleText } from './base/terminal.ts'
export { createAcks, sendNowOrNever, syncAnswer, type Acks } from './protocol/acks.ts'
export { withTimeout } from './base/with-timeout.ts'
export { version } from './base/version.ts'
export { Claims, Role, atLeast, mayRead, mayWrite, roles, type HoldsLease } from './protocol/access.ts'
export {
  DocName,
  docName,
  docPath,
  parseDocName,
  parseDocPath,
  requireDocName,
  type DocAddress,
  type DocKind,
  type DocPlace,
  type DocRef,
} from './protocol/doc-names.ts'
export {
  BulkPut,
  BulkPutAnswer,
  BulkRead,
  bulkFrames,
  encodeBulkFrame,
  encodeBulkFrames,
  encodeFeedFrame,
  feedFrames,
  joined,
  type BulkFrame,
  type FeedFrame,
} from './protocol/frames.ts'
export {
  AtTerminal,
  FromDaemon,
  type Parked,
  ToDaemon,
  ToEveryone,
  parseMessage,
  protocolVersion,
} from './protocol/messages.ts'
export {
  AccessToken,
  AccessTokenRequest,
  DaemonList,
  Health,
  Problem,
  Ready,
  SessionAnswer,
  SessionRequest,
  SignInLink,
  WorkspaceInfo,
  WorkspaceList,
  problemFor,
} from './protocol/rest.ts'
export {
  Author,
  AuthorsAnswer,
  AuthorsRequest,
  Blame,
  BlameRun,
  Cause,
  ChangesAnswer,
  ChangesRequest,
  Checkpoint,
  CheckpointList,
  DiffAnswer,
  DiffHunk,
  DiffLine,
  FileChange,
  FileDiff,
  FindAnswer,
  FindRequest,
  HistoryPage,
  NewCheckpoint,
  RestoreAnswer,
  RestoreRequest,
  RevertRequest,
  Step,
  VersionFiles,
} from './protocol/history.ts'
export {
  AuditLine,
  AuditPage,
  InviteInfo,
  InviteList,
  InviteLook,
  KeyInfo,
  KeyList,
  MemberInfo,
  MemberList,
  MemberPatch,
  NewInvite,
  NewInviteAnswer,
  NewKey,
  NewKeyAnswer,
  Pairing,
  PairingAnswer,
  PairingLook,
  PairingOutcome,
  PairingPoll,
  PairingRequest,
  Scope,
  SessionInfo,
  SessionList,
  scopes,
} from './protocol/people.ts'
export {
  BindingName,
  ConsoleLevel,
  ErrorCategory,
  ExecutionError,
  ExecutionResult,
  Snippet,
  bindingNames,
  categorizeError,
  categoryOf,
  formatError,
} from './protocol/execution.ts'
export {
  AgentMode,
  CallRecord,
  ChatMessage,
  Delivered,
  DraftPart,
  Mention,
  RunAbout,
  RunMessage,
  RunState,
  RunStatus,
  RunUsage,
  agentModes,
} from './protocol/agent.ts'
export { Chars, Decision, EditHunk, HunkText, ReviewHunk, Taken, maxHunkText } from './protocol/review.ts'
export { Settings, readSettings } from './protocol/settings.ts'
export { SandboxTier } from './protocol/sandbox.ts'
export {
  BlobHash,
  BlobPiece,
  BlobPutAnswer,
  BlobsMissing,
  BlobsMissingAnswer,
  blobPieceBytes,
} from './protocol/blobs.ts'
export {
  Artifact,
  Concurrency,
  Retry,
  type AttemptOutcome,
  type Pass,
  Task,
  TaskInput,
  type SetAside,
  TaskOutput,
  TerminalSize,
  TaskPayload,
  TaskResult,
  TaskState,
  commandLine,
  executionFile,
  isHeld,
  isTerminal,
  notBegun,
  statesThat,
  statusOf,
  taskStates,
} from './protocol/task.ts'
export { taskStateWords } from './protocol/task-words.ts'
export { byQueueOrder, isFor, whyAllFull, whyKeyFull, whyWaiting, type Waiting, type Worker } from './protocol/queue.ts'
export { applyToString, type TextEdit } from './merge/edits.ts'
export { diffText } from './merge/diff.ts'
export { diffLines, splitLines, type Hunk } from './merge/lines.ts'
export { commonLines, merge, type Merged } from './merge/three-way.ts'
