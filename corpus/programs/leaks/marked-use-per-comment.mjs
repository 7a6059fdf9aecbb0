/** Renders comments with links relative to their thread; marked.use() extends the one shared instance. */

import { marked } from 'marked';
import pacing from '../../support/pace.js';

const COMMENTS_PER_SECOND = 20;
const KEPT = 100;

const latest = [];

function renderComment(comment) {
  marked.use({
    walkTokens(token) {
      if (token.type === 'link' && token.href.startsWith('./')) {
        token.href = `/threads/${comment.thread}/${token.href.slice(2)}`;
      }
    },
  });
  return marked.parse(comment.text);
}

await pacing.pace(COMMENTS_PER_SECOND, (n) => {
  const comment = {
    id: n,
    thread: n % 40,
    text: `As in [the answer above](./${n - 1}), but **not** for \`v${n % 9}\`.\n\n${'Really. '.repeat(20)}`,
  };
  latest.push({ id: n, html: renderComment(comment) });
  if (latest.length > KEPT) latest.shift();
});
