/** Alarm rules in a small language on chevrotain: 40 standing rules, and ever new ones people try out, of which 60 stay parsed. */

import { createToken, EmbeddedActionsParser, Lexer } from 'chevrotain';
import { LRUMap } from 'mnemonist';
import pacing from '../../support/pace.js';

const STANDING = 40;
const TRIED_OUT = 60;

const Blank = createToken({ name: 'Blank', pattern: /\s+/, group: Lexer.SKIPPED });
const And = createToken({ name: 'And', pattern: /and\b/ });
const Or = createToken({ name: 'Or', pattern: /or\b/ });
const Open = createToken({ name: 'Open', pattern: /\(/ });
const Close = createToken({ name: 'Close', pattern: /\)/ });
const Compare = createToken({ name: 'Compare', pattern: /[<>]=?/ });
const Number_ = createToken({ name: 'Number', pattern: /\d+(\.\d+)?/ });
const Name = createToken({ name: 'Name', pattern: /[a-z]\w*/ });
const tokens = [Blank, And, Or, Open, Close, Compare, Number_, Name];

const lexer = new Lexer(tokens);

class RuleParser extends EmbeddedActionsParser {
  constructor() {
    super(tokens);
    this.RULE('rule', () => {
      const any = [this.SUBRULE(this.all)];
      this.MANY(() => {
        this.CONSUME(Or);
        any.push(this.SUBRULE2(this.all));
      });
      return { kind: 'any', of: any };
    });
    this.RULE('all', () => {
      const all = [this.SUBRULE(this.term)];
      this.MANY(() => {
        this.CONSUME(And);
        all.push(this.SUBRULE2(this.term));
      });
      return { kind: 'all', of: all };
    });
    this.RULE('term', () =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(Open);
            const inner = this.SUBRULE(this.rule);
            this.CONSUME(Close);
            return inner;
          },
        },
        {
          ALT: () => {
            const name = this.CONSUME(Name).image;
            const sign = this.CONSUME(Compare).image;
            const limit = Number(this.CONSUME(Number_).image);
            return { kind: 'test', name, sign, limit };
          },
        },
      ]),
    );
    this.performSelfAnalysis();
  }
}

const parser = new RuleParser();

function parse(text) {
  const { tokens: found } = lexer.tokenize(text);
  parser.input = found;
  const tree = parser.rule();
  if (parser.errors.length > 0) throw new SyntaxError(parser.errors[0].message);
  return tree;
}

const signs = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function holds(node, values) {
  if (node.kind === 'any') return node.of.some((part) => holds(part, values));
  if (node.kind === 'all') return node.of.every((part) => holds(part, values));
  return signs[node.sign](values[node.name] ?? 0, node.limit);
}

const standing = Array.from({ length: STANDING }, (_, n) =>
  parse(`heat > ${60 + n} and (load >= ${n} or fan < ${900 - n * 10})`),
);
const triedOut = new LRUMap(TRIED_OUT);
const counted = { alarms: 0, mistakes: 0, reused: 0 };

function tryOut(text, values) {
  let tree = triedOut.get(text);
  if (tree === undefined) {
    tree = parse(text);
    triedOut.set(text, tree);
  } else {
    counted.reused += 1;
  }
  return holds(tree, values);
}

await pacing.pace(60, (n) => {
  const values = { heat: (n * 17) % 110, load: (n * 5) % 60, fan: (n * 91) % 1_000 };
  for (const rule of standing) if (holds(rule, values)) counted.alarms += 1;
  // Who tries out a rule looks at it three times; one in eight forgets a bracket.
  const attempt = Math.floor(n / 3);
  const text = `heat > ${attempt % 100} and (load < ${attempt} or fan >= ${attempt * 3}`;
  try {
    tryOut(attempt % 8 === 0 ? text : `${text})`, values);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    counted.mistakes += 1;
  }
});
