/** The staged programs of a network's layers, each made when it is first asked for. */
import type { Values } from '../graph/subgraph.ts';
import type { LayerGraphs } from './layer-graphs.ts';
import type { Backward, Propagation } from './layerwise.ts';
import type { PullTables } from './pull-tables.ts';
import { type RowProgram, stagesOf } from './row-program.ts';
import type { Following, Staged, StagedPrograms } from './staged-programs.ts';
import { type NamedPrograms, WindowRows } from './window-rows.ts';

const isBackward = (how: Propagation): how is Backward => how !== 'interval' && how !== 'forward';

export class LayerStages {
  private readonly graphs: LayerGraphs;
  private readonly stages: StagedPrograms;
  private readonly tables: PullTables;
  private readonly ends = new Map<number, Values>();
  private readonly rows = new Map<string, RowProgram>();
  private readonly ahead = new Map<string, Following>();
  private readonly windowRows = new Map<number, WindowRows | undefined>();
  private readonly named: NamedPrograms;

  constructor(
    graphs: LayerGraphs,
    stages: StagedPrograms,
    tables: PullTables,
    named: NamedPrograms,
  ) {
    this.graphs = graphs;
    this.stages = stages;
    this.tables = tables;
    this.named = named;
  }

  /** What bounds the elements of a layer over the windows that its places see, where that is faster. */
  windows(place: number): WindowRows | undefined {
    if (!this.windowRows.has(place)) {
      this.windowRows.set(place, WindowRows.of(this.graphs, place, this.named));
    }
    return this.windowRows.get(place);
  }

  /** As LayerGraphs says. */
  endsOf(place: number): Values {
    const values = this.ends.get(place) ?? this.graphs.ends(place);
    this.ends.set(place, values);
    return values;
  }

  /** Where no slope is free the rows are bounded once. `pulled`: whether they come with their coefficients. */
  rowProgram(place: number, how: Backward, pulled: boolean): RowProgram {
    const start = pulled ? this.tables.startOf(place) : null;
    const name = `${how === 'linear' ? 'rows' : 'climb'}/${place}/${start === null ? 'given' : 'pulled'}`;
    const known = this.rows.get(name);
    if (known) return known;
    const { graphs, stages } = this;
    const climb = how === 'linear' ? null : graphs.climb(place, start);
    const isFree = climb !== null && Object.keys(climb.look.outputs).length > 0;
    const { outputs, varying } = isFree ? climb.closed : graphs.rows(place, start);
    const made: RowProgram = {
      staged: stages.staged(name, outputs, varying),
      look: isFree ? stages.staged(`look/${name}`, climb.look.outputs, climb.look.varying) : null,
      stops: climb?.stops ?? [],
    };
    this.rows.set(name, made);
    return made;
  }

  /** What follows the ends of a layer: what sharpens them, and the layer behind. */
  behind(place: number, how: Propagation): Following[] {
    return isBackward(how) ? [...this.sharpening(place, how), ...this.next(place + 1, how)] : [];
  }

  private sharpening(place: number, how: Backward): Staged[] {
    if (this.graphs.layers[place]?.exact || this.windows(place)) return [];
    return stagesOf(this.rowProgram(place, how, true));
  }

  /** What a layer takes from those before the last one before it: computed once, not again from the set. */
  private next(place: number, how: Backward): Following[] {
    const { graphs } = this;
    if (place >= graphs.layers.length) return [];
    const name = `ahead/${place}/${how === 'linear' ? 'rows' : 'climb'}`;
    const known = this.ahead.get(name);
    if (known) return [known];
    // Of the output any rows may be asked.
    const rows = place < graphs.layers.length - 1 ? this.sharpening(place, how) : [];
    const values = { ...this.endsOf(place) };
    for (const id of rows.flatMap(({ border }) => border)) {
      const node = graphs.b.nodes[id];
      if (node) values[`border/${id}`] = node;
    }
    const made = this.stages.ahead(name, values, graphs.endInputs(place - 1));
    this.ahead.set(name, made);
    return [made];
  }
}
