'use strict';

/** The commands with their options and help. Knows the public API and the report format only. */

const path = require('node:path');
const { Command, CommanderError, InvalidArgumentError, Option } = require('commander');
const { EXTENSIONS, FORMATS } = require('../formats');
const { CliError, exitCodes, printError } = require('./exit-codes');
const { version } = require('../../package.json');

/**
 * Checks a value against the option of the API that it stands for.
 * @param {string} name
 * @returns {(value: string) => string}
 */
function checked(name) {
  return (value) => {
    try {
      require('../options').readOptions({ [name]: value });
      return value;
    } catch (error) {
      throw new InvalidArgumentError(/** @type {Error} */ (error).message);
    }
  };
}

/**
 * @param {Option} option
 * @param {string} name  of the variable that stands in for it
 */
function orEnvironment(option, name) {
  // One that is set to nothing is as if it were not set.
  return process.env[name] ? option.env(name) : option;
}

/**
 * What is to fail, and what may pass.
 * @param {Command} command
 */
function withPolicy(command) {
  const failOn = new Option('--fail-on <severity>', 'exit with 86 when there is such a finding');
  const baseline = new Option('--baseline <file>', 'findings that are known and do not fail');
  const addRule = (/** @type {string} */ rule, /** @type {string[]} */ rules = []) => [
    ...rules,
    checked('ignore')(wholeRule(rule)),
  ];
  return command
    .addOption(orEnvironment(failOn.choices(['leak', 'suspect']), 'LEAKGUARD_FAIL_ON'))
    .addOption(
      new Option(
        '--ignore <rule>',
        'leave out package:NAME, path:PART, kind:KIND, signature:HEX, owner:TEXT, mark:LABEL; repeatable',
      ).argParser(addRule),
    )
    .addOption(
      orEnvironment(
        baseline.argParser((file) => path.resolve(file)),
        'LEAKGUARD_BASELINE',
      ),
    )
    .addOption(
      new Option('--update-baseline', 'write the baseline: what would fail is known from now on'),
    );
}

/**
 * In the environment a comma ends a rule, and what follows would be one of its own, that matches far more.
 * @param {string} rule
 */
function wholeRule(rule) {
  const [, ...others] = rule.split(/[,\n]/);
  if (others.every((other) => /^\s*\w+:/.test(other))) return rule;
  throw new InvalidArgumentError(
    'It has a comma, at which a rule ends; such a rule needs the option ignore in code.',
  );
}

/** Rows of a table that fit a terminal beside the other tables. */
const DEFAULT_LIMIT = 20;

/**
 * @param {number} most
 * @param {string} end  of the range, in words
 */
const parseUpTo = (most, end) => (/** @type {string} */ value) => {
  const number = require('../options').parseInteger(value, 1, most);
  if (number === undefined) {
    throw new InvalidArgumentError(`accepted is a whole number from 1 ${end}`);
  }
  return number;
};
const parseLimit = parseUpTo(1000, 'to 1000');
const parsePositive = parseUpTo(2 ** 32 - 1, 'on');

/**
 * Errors are one line.
 * @param {string} text  as commander has it
 * @param {(text: string) => void} write
 */
function outputError(text, write) {
  write(`leakguard: ${text.replace(/^error: /, '').trim()} (see leakguard --help)\n`);
}

/**
 * @param {Command} heap
 * @param {() => Option} json
 */
function addHeapCommands(heap, json) {
  const command = (/** @type {string} */ name, /** @type {string} */ summary) =>
    heap
      .command(name)
      .summary(summary)
      .addOption(
        new Option('--limit <rows>', 'rows of each table, 1 to 1000')
          .argParser(parseLimit)
          .default(DEFAULT_LIMIT),
      )
      .addOption(
        new Option('--redact', 'leave out what strings hold, and keys that are no identifiers'),
      )
      .addOption(json());
  const file = 'a .heapsnapshot of Node.js, Chrome or Deno, plain, .gz or .zst';

  command('summary', 'what a heap holds: classes, the largest objects and containers, strings')
    .argument('<file>', `${file}; a .heaptimeline; or a .heapprofile`)
    .action((name, options) => require('./heap').printSummary(name, options));
  command(
    'suspects',
    'which things, or classes, hold a tenth of a heap or more, and why they are there',
  )
    .argument('<file>', file)
    .action((name, options) => require('./heap').printSuspects(name, options));
  command('path', 'why something is still there: the way to it from a root')
    .argument('<file>', file)
    .addOption(
      new Option('--id <number>', 'of a node, as the other tables have it').argParser(
        parsePositive,
      ),
    )
    .addOption(new Option('--class <name>', 'objects of a class'))
    .addOption(new Option('--name <name>', 'functions of a name, strings of such contents'))
    .action((name, options) => require('./heap').printPath(name, options));
  command('diff', 'what changed between two heaps: by class, and by who owns it')
    .argument('<before>', file)
    .argument('<after>', 'a later one')
    .action((before, after, options) => require('./heap').printDiff(before, after, options));
  command('growth', 'who owns more in every heap than in the one before')
    .argument('<before>', file)
    .argument('<after...>', 'later ones, in their order')
    .addOption(
      new Option(
        '--at-least <count>',
        'things by which an owner must grow each time (default: more than what comes and goes)',
      ).argParser(parsePositive),
    )
    .action((before, after, options) => require('./heap').printGrowth([before, ...after], options));
}

/** @param {(code: number) => void} setExitCode */
function createProgram(setExitCode) {
  const json = () => new Option('--json', 'print JSON, errors too');

  const program = new Command('leakguard')
    .description(
      'Finds leaks inside running Node.js processes and names the line that causes them.',
    )
    .version(version)
    .configureOutput({ outputError })
    .exitOverride();

  withPolicy(program.command('run'))
    .summary('run a command and watch every Node.js process it starts')
    .usage('[options] -- <command> [args...]')
    .argument('<command...>', 'the command, after --')
    .addOption(
      new Option('--level <level>', 'what is watched: counts, sites, survivors, exact').argParser(
        checked('level'),
      ),
    )
    .addOption(
      new Option('--interval <duration>', "time between two ticks, such as '250ms'").argParser(
        checked('interval'),
      ),
    )
    .addOption(
      new Option('--patience <ticks>', 'ticks of history that a verdict needs').argParser(
        checked('patience'),
      ),
    )
    .addOption(
      new Option('--sensitivity <preset>', 'floors: low, normal, high').argParser(
        checked('sensitivity'),
      ),
    )
    .addOption(
      new Option('--survivors <duration>', 'time between two rounds of heap sampling').argParser(
        checked('survivors'),
      ),
    )
    .addOption(
      new Option(
        '--recorder <file>',
        'where each process is recorded, with %p pid and %t thread in its name; 0: nowhere (default: a folder in memory)',
      ).argParser(checked('recorder')),
    )
    .addOption(
      new Option(
        '--report <file>',
        `write one report of all processes to a file (${EXTENSIONS.join(', ')}); with %p pid and %t thread in its name one for each`,
      ).argParser(checked('report')),
    )
    .addOption(
      new Option(
        '--dashboard [address]',
        'a live page on loopback: a port, or an address and a port (default: any free port)',
      ),
    )
    .addOption(json())
    .addHelpText(
      'after',
      '\nExample:\n  leakguard run --sensitivity high --fail-on leak -- npm test\n',
    )
    .action(async (command, options) => {
      setExitCode(await require('./run').run(command, options));
    });

  withPolicy(program.command('report'))
    .summary('print report files, several as one')
    .argument('<file...>', 'reports written as .json')
    .addOption(new Option('--format <format>', 'how to print it').choices(FORMATS).default('text'))
    .addOption(json())
    .action((files, options) => {
      setExitCode(require('./report').printReports(files, options));
    });

  addHeapCommands(program.command('heap').summary('read V8 heap snapshots'), json);

  program
    .command('top')
    .summary('watch live what a process keeps, out of what its recorder writes')
    .argument('[target]', 'a pid or a recording (default: the process that was started last)')
    .addOption(new Option('--once', 'print the table and end'))
    .addOption(
      new Option('--limit <rows>', 'rows of the table, 1 to 1000')
        .argParser(parseLimit)
        .default(DEFAULT_LIMIT),
    )
    .addOption(json())
    .action((target, options) => require('./top').top(target, options));

  program
    .command('postmortem')
    .summary('the last report of a process that was killed, aborted or ran out of memory')
    .argument('[target]', 'a pid or a recording (default: the process that died last)')
    .addOption(new Option('--format <format>', 'how to print it').choices(FORMATS).default('text'))
    .addOption(json())
    .action((target, options) => require('./postmortem').printPostmortem(target, options));

  program
    .command('doctor')
    .summary('check that leakguard works here')
    .addOption(json())
    .action((options) => {
      setExitCode(require('./doctor').doctor(options));
    });

  return program;
}

/**
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
async function main(args) {
  let exitCode = exitCodes.ok;
  const program = createProgram((code) => {
    exitCode = code;
  });
  const asJson = args
    .slice(0, args.indexOf('--') === -1 ? undefined : args.indexOf('--'))
    .includes('--json');
  if (asJson) program.configureOutput({ writeErr: () => {} });
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command.exitOverride();
    command.configureOutput(program.configureOutput());
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && asJson)
        printError(exitCodes.usage, withoutPrefix(error.message), true);
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    }
    const known = error instanceof CliError;
    const code = known ? error.exitCode : exitCodes.ownFault;
    printError(code, known ? error.message : `internal error, please report it: ${error}`, asJson);
    return code;
  }
}

/** @param {string} message  of commander's */
const withoutPrefix = (message) => message.replace(/^error: /, '');

exports.main = main;
