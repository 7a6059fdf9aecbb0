'use strict';

/** Pages rendered on the server with one TanStack QueryClient for all: there its entries never go stale. */

const { once } = require('node:events');
const http = require('node:http');
const { QueryClient, dehydrate } = require('@tanstack/query-core');
const { visit } = require('../../support/visitors');

const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: 1000, retry: false } },
});

async function loadTrip(id) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return { id, from: `stop ${id % 40}`, to: `stop ${(id * 7) % 40}`, minutes: 10 + (id % 50) };
}

async function loadNotices() {
  return ['Lift out of order', 'Line 4 is late'];
}

async function renderPage(id) {
  const trip = await queryClient.fetchQuery({
    queryKey: ['trip', id],
    queryFn: () => loadTrip(id),
  });
  const notices = await queryClient.fetchQuery({ queryKey: ['notices'], queryFn: loadNotices });
  const state = dehydrate(queryClient, {
    shouldDehydrateQuery: ({ queryKey }) => queryKey[0] === 'notices' || queryKey[1] === id,
  });
  return `<h1>${trip.from} to ${trip.to}</h1><p>${notices.join(', ')}</p><script>state = ${JSON.stringify(state)}</script>`;
}

async function main() {
  const server = http.createServer(async (request, response) => {
    const page = await renderPage(Number(request.url.split('/').at(-1)));
    response.setHeader('content-type', 'text/html').end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 60,
    requests: ['GET /trips/{n}'],
  });
  server.close();
  server.closeAllConnections();
}

main();
