import type { ProjectTool } from './define.ts'
import { editFileTool } from './edit-file.ts'
import { listFilesTool } from './list-files.ts'
import { openProject, type ProjectPorts } from './project.ts'
import { readFileTool } from './read-file.ts'
import { searchTool } from './search.ts'
import { writeFileTool } from './write-file.ts'

/** The tools that read and change the files of the workspace, for one run. */
export function projectTools(ports: ProjectPorts): readonly ProjectTool[] {
  const project = openProject(ports)
  return [readFileTool, listFilesTool, searchTool, editFileTool, writeFileTool].map((make) => make(project))
}
