/** Domains: parts of one set of inputs, told apart by where values inside lie; and what is asked on them. */

/** A value of a stop kept on one side of a point. */
export interface Split {
  readonly place: number;
  readonly element: number;
  /** 1: at or above the point; −1: at or below. */
  readonly side: 1 | -1;
  readonly point: number;
}

/** What is to be refuted: all rows of a conjunction over a network's outputs at once. */
export interface Question {
  /** Which of those asked. */
  readonly index: number;
  /** [count × outputs] */
  readonly rows: Float32Array;
  readonly count: number;
  /** How far a lower bound of row k is beyond what refutes it: above 0 where it does. */
  excess(k: number, least: number): number;
}

export interface Domain {
  readonly question: Question;
  readonly splits: readonly Split[];
  /** Slopes and multipliers to start from, as DomainBounder packs them; null: CROWN's. */
  readonly choices: Float32Array | null;
  /** The greatest excess of a row that is known, of this domain or one that holds it. */
  readonly key: number;
}
