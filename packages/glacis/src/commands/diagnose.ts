/** `glacis diagnose`: the attacks at ε, and whether what withstood them is robust or only hides its gradient. */
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFolder, isSingleFile } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function diagnoseCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { out, criterion, eps = [] } = request.values;
  if (criterion === 'error') {
    throw new UsageError('diagnose compares scores of classes; a regression has none.');
  }
  if (eps.length > 0 && eps.every((radius) => radius === 0)) {
    throw new UsageError('--eps 0 lets nothing change, so that nothing can be diagnosed.');
  }
  if (out !== undefined && isSingleFile(out)) {
    throw new UsageError(`--out ${out}: a diagnosis writes a folder; name one without .npz.`);
  }
  if (out !== undefined) await claimFolder(out);
  const asked = { ...request, job: ['standard'] as const, diagnosis: 'full' as const };
  return carryOut(asked, out ?? null, surroundings);
}
