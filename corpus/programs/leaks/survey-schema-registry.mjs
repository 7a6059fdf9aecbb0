/**
 * Takes answers to surveys. The schema of a survey is built anew for each answer and given an id with
 * the answer's number, under which zod's registry, a global, keeps it for ever.
 */

import { z } from 'zod';
import pacing from '../../support/pace.js';

const ANSWERS_PER_SECOND = 40;
const SURVEYS = 20;

const surveys = Array.from({ length: SURVEYS }, (_, id) => ({
  id,
  questions: Array.from({ length: 4 }, (_, at) => ({
    key: `q${at}`,
    choices: 3 + ((id + at) % 4),
  })),
}));

const totals = new Map(surveys.map(({ id }) => [id, 0]));

function schemaOf(survey, answer) {
  const shape = {};
  for (const { key, choices } of survey.questions) {
    shape[key] = z
      .number()
      .int()
      .min(0)
      .max(choices - 1);
  }
  return z
    .object(shape)
    .meta({ id: `survey-${survey.id}-answer-${answer}`, title: `Survey ${survey.id}` });
}

function take(survey, answer, body) {
  const given = schemaOf(survey, answer).parse(body);
  totals.set(survey.id, totals.get(survey.id) + given.q0);
}

await pacing.pace(ANSWERS_PER_SECOND, (n) => {
  const survey = surveys[n % SURVEYS];
  take(survey, n, { q0: n % 3, q1: 0, q2: 1, q3: 2 });
});
