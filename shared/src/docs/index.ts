export { cachedView, mapView, when, type View } from './view.ts'
export { openRecords, type Records } from './records.ts'
export { applyEdits } from './text.ts'
export { prepareAlike } from './alike.ts'
export { replayOn } from './replay.ts'
export { draftDoc } from './draft.ts'
export {
  applyPrepared,
  charsOfState,
  fits,
  includesState,
  prepareEdits,
  readFileUpdate,
  seedText,
  stateOf,
  stateOfUpdate,
} from './versions.ts'
export { Deleted, FileFacts, TreeEntry, openFiles, type FileEntry, type Files, type FilesSnapshot } from './files.ts'
export { onTreeChange, type TreeChange } from './tree-changes.ts'
export { openFile, type FileText } from './file.ts'
export { Request, RequestBody, Refusal, openRequests, type Requests } from './requests.ts'
export { openTasks } from './tasks.ts'
export { LogChunk, maxChunkBytes, note, openTaskLog, stderr, stdout, windowBytes, type TaskLog } from './task-log.ts'
export { openTaskTerminal, type TaskTerminal, type TerminalDrive } from './task-terminal.ts'
export { maxSegmentBytes, readLogSegment, writeLogLine } from './log-segment.ts'
export {
  DaemonAbout,
  type AgentChoice,
  type AgentOffer,
  MirrorAlert,
  MirrorConflict,
  MirrorQuestion,
  MirrorState,
  SandboxState,
  WorkspaceStatus,
  openDaemon,
  type Daemon,
} from './daemon.ts'
export { Answer, Approval, DaemonPresence, Member, openOps, type Ops } from './ops.ts'
export { Presence } from './presence.ts'
export { openChat, type Chat } from './chat.ts'
export { openRun, type Run } from './run.ts'
export { openReview, type Review } from './review.ts'
export { groupEdits, traceEdits } from './hunks.ts'
export { standingOf, type Standing } from './standing.ts'
export { acceptHunks, bringBack, rejectHunks, type Deciding, type Left } from './decide.ts'
