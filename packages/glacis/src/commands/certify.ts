/** `glacis certify`: the proof side of an audit alone, at ε or for the largest radius. */
import type { Outcome, Surroundings } from '../cli/outcome.ts';
import { UsageError } from '../errors.ts';
import { claimFolder } from '../run/store.ts';
import { carryOut, type CommandRequest } from './carry-out.ts';
import { smoothCommand } from './smooth.ts';

/** Flags of the smoothed classifier alone. */
const ofSmoothing = ['sigma', 'n0', 'n', 'alpha'] as const;

export async function certifyCommand(
  request: CommandRequest,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { certificate = 'crown', radius = false, eps, example, out } = request.values;
  if (eps === undefined && !radius && example === undefined) {
    throw new UsageError('Certify what? Give --eps E, or --radius for the largest proven radius.');
  }
  if (certificate === 'smoothing') return smoothCommand(request, surroundings);
  const stray = ofSmoothing.find((name) => request.values[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} goes with --method smoothing.`);
  if (out !== undefined) await claimFolder(out);
  const job = { proof: certificate, radius };
  return carryOut({ ...request, job, diagnosis: null }, out ?? null, surroundings);
}
