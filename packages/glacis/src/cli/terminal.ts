/**
 * What a person sees while a command works: notes and progress on stderr, never on stdout. On a
 * terminal progress is a bar on one line; elsewhere it is a plain line now and then.
 */
import { duration } from '../report/numbers.ts';
import { inkOf } from '../report/ink.ts';
import { sentenceOf } from '../report/terminal-text.ts';

export interface Progress {
  readonly stage: string;
  /** Inputs finished, of all. */
  readonly done: number;
  readonly total: number;
  readonly fraction: number;
  /** What is counted; inputs if absent. */
  readonly unit?: string;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const [BAR_CELLS, REDRAW_MS, PLAIN_MS] = [24, 80, 10_000];

export class Terminal {
  readonly quiet: boolean;
  private readonly stream: Output;
  private readonly color: boolean;
  private begun = 0;
  private estimated = 0;
  private from = 0;
  private lastShown = 0;
  private barShown = false;

  constructor(options: { quiet: boolean; color: boolean; stream?: Output }) {
    this.quiet = options.quiet;
    this.color = options.color;
    this.stream = options.stream ?? process.stderr;
  }

  /** A line for the reader, unless --quiet. */
  say(line: string): void {
    if (this.quiet) return;
    this.clear();
    this.stream.write(`${sentenceOf(line)}\n`);
  }

  note(text: string): void {
    this.say(`Note: ${text}`);
  }

  warn(text: string): void {
    this.say(`Warning: ${text}`);
  }

  /**
   * From here on progress is shown, expected to take `seconds`; `from` is the fraction that was done
   * before.
   */
  start(seconds: number, from = 0): void {
    this.from = Math.min(from, 1 - 1e-9);
    this.begun = Date.now();
    this.lastShown = this.begun;
    this.estimated = seconds;
  }

  progress(progress: Progress): void {
    if (this.quiet || this.begun === 0) return;
    const now = Date.now();
    if (now - this.lastShown < (this.stream.isTTY ? REDRAW_MS : PLAIN_MS)) return;
    this.lastShown = now;
    if (this.stream.isTTY) {
      this.stream.write(`\r\u001b[2K${this.bar(progress, now)}`);
      this.barShown = true;
    } else {
      this.stream.write(`${this.plain(progress, now)}\n`);
    }
  }

  /** On a terminal, an empty line before what goes to stdout. */
  gap(): void {
    this.clear();
    if (!this.quiet && this.stream.isTTY) this.stream.write('\n');
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.barShown) this.stream.write('\r\u001b[2K');
    this.barShown = false;
  }

  private bar({ stage, done, total, fraction }: Progress, now: number): string {
    const ink = inkOf(this.color);
    const columns = (this.stream.columns ?? 80) - 1;
    const cells = Math.min(BAR_CELLS, Math.max(0, columns - 56));
    const full = Math.round(cells * fraction);
    const bar = ink.proof('━'.repeat(full)) + ink.dim('─'.repeat(cells - full));
    const parts = [percent(fraction), `${done} of ${total}`, stage, this.left(fraction, now)];
    const words = parts.filter((part) => part !== 'done').join('  ');
    return `${bar}${cells > 0 ? ' ' : ''}${words.slice(0, Math.max(0, columns - cells - 1))}`;
  }

  private plain({ done, total, fraction, unit = 'inputs' }: Progress, now: number): string {
    return `${percent(fraction).trim()}, ${done} of ${total} ${unit}, ${this.left(fraction, now)}`;
  }

  /** The estimate counts less the more is known. */
  private left(overall: number, now: number): string {
    const spent = (now - this.begun) / 1000;
    const fraction = Math.max(0, (overall - this.from) / (1 - this.from));
    const measured = fraction > 0 ? spent / fraction : this.estimated;
    const trust = Math.min(1, fraction * 5);
    const whole = trust * measured + (1 - trust) * Math.max(this.estimated, spent);
    return `${roughly(Math.max(0, whole - spent))} left`;
  }
}

function percent(fraction: number): string {
  return `${String(Math.floor(100 * Math.min(1, fraction))).padStart(3)}%`;
}

/** Seconds as one says them: "about 12 s". */
export function roughly(seconds: number): string {
  if (seconds < 1) return 'about 1 s';
  return `about ${seconds < 60 ? `${Math.ceil(seconds)} s` : duration(seconds)}`;
}
