/** What a training bought, in a terminal: both models side by side. */
import type { Hardening } from '../run/hardening.ts';
import { inkOf } from './ink.ts';
import { comparedRows } from './hardening-rows.ts';
import { counted, duration, epsilon, normSymbol, percent, radius } from './numbers.ts';
import { padded } from './terminal-text.ts';

const [TITLE, COLUMN] = [22, 22];

export function hardeningText(
  made: Hardening,
  { color, report }: { readonly color: boolean; readonly report: string },
): string {
  const ink = inkOf(color);
  const { threat, method, best, epochs, history, out, compared, verdict } = made;
  const spent = history.length > 0 ? `, ${counted(history.length, 'epoch')} of ${epochs}` : '';
  const head = `${method} training, ${normSymbol(threat.norm)} ε = ${epsilon(threat.eps)}${spent}`;
  const chosen = best
    ? `epoch ${best.epoch} is kept: of the validation data ${percent(best.validated.clean)} right, ${percent(best.validated.robust)} ${made.proves ? 'proven' : 'robust'}`
    : '';
  const lines = [ink.bold(head), chosen];
  if (made.certificate) {
    const { length, gap, multiplier, slackness } = made.certificate;
    lines.push(
      `Lipschitz constant ${radius(length)}; no classifier of that constant loses less by more than ${gap.toExponential(1)} (relative duality gap)`,
      `multiplier ${radius(multiplier)}, complementary slackness ${slackness.toExponential(1)}`,
    );
  }
  if (made.fellBack !== null) {
    lines.push(
      `after epoch ${made.fellBack} single steps were overfitted to, and several took over`,
    );
  }
  if (compared) {
    const cells = (title: string, values: readonly string[]): string =>
      padded(title, TITLE) + values.map((value) => padded(value, COLUMN)).join('');
    lines.push(
      '',
      ink.dim(cells(counted(compared.after.data.samples, 'held-out input'), ['before', 'after'])),
    );
    for (const { title, before, after } of comparedRows(compared)) {
      lines.push(cells(title, [before, after]));
    }
  }
  lines.push(
    '',
    verdict,
    `${ink.dim('Model')}   ${out.path}`,
    `${ink.dim('Report')}  ${report}`,
    ink.dim(duration(made.seconds)),
  );
  return lines.filter((line, i) => line !== '' || lines[i - 1] !== '').join('\n');
}
