/** `glacis certify`: the proof side of an audit alone, at ε or for the largest radius. */
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFolder } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';

export async function certifyCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { proof = 'crown', radius = false, eps, example, out } = request.values;
  if (eps === undefined && !radius && example === undefined) {
    throw new UsageError('Certify what? Give --eps E, or --radius for the largest proven radius.');
  }
  if (out !== undefined) await claimFolder(out);
  return carryOut({ ...request, job: { proof, radius } }, out ?? null, surroundings);
}
