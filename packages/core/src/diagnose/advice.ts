/** What several indicators advise, by what was examined: flags that apply to the model, attacks that serve the norm. */
import type { Examined } from './evidence.ts';

/** How searches come through steps and draws; undefined where there are neither. */
export function passing({ passable, random }: Examined): string | undefined {
  const flags = [
    ...(passable ? ['--straight-through (past the steps)'] : []),
    ...(random ? ['--eot 10 or more (over the random draws)'] : []),
  ];
  return flags.length > 0 ? `Attack with ${flags.join(' and ')}.` : undefined;
}

/** Attacks that do not follow the model's own gradient. */
export function withoutGradients({ norm }: Examined): string {
  // Square Attack has no form that counts features.
  const search = norm === 'l0' ? '' : ', or by scores alone (--method square)';
  return `Attack through another model (glacis attack --surrogate FILE)${search}.`;
}
