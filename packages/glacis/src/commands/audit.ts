/** `glacis audit`: brackets every input's margin, prints the summary, keeps the run folder. */
import type { OptionValues } from '../cli/options.ts';
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { depthOf } from '../run/diagnosis.ts';
import { exampleFolder } from '../run/example.ts';
import { claimFolder, isSingleFile } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function auditCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  if (request.values.resume !== undefined) {
    const { resumeRun } = await import('./resume.ts');
    return resumeRun(request, request.values.resume, surroundings);
  }
  const folder = await folderFor(request.values, surroundings);
  const diagnosis = depthOf(request.values);
  return carryOut({ ...request, job: 'audit', diagnosis }, folder, surroundings);
}

/** The folder is claimed before anything slow happens. */
async function folderFor(
  { out, example }: OptionValues,
  { terminal }: Surroundings,
): Promise<string | null> {
  if (out !== undefined && isSingleFile(out)) {
    throw new UsageError(`--out ${out}: an audit writes a folder; name one without .npz.`);
  }
  if (out !== undefined) await claimFolder(out);
  if (out !== undefined || example === undefined) return out ?? null;
  try {
    await claimFolder(exampleFolder);
    return exampleFolder;
  } catch (error) {
    // Nobody asked for this folder, so the example goes on without it.
    if (!(error instanceof UsageError)) throw error;
    terminal.note(`No report is written: ${error.message}`);
    return null;
  }
}
