'use strict';

/** Sessions that subscribe to a redux store when they start and do not unsubscribe when they end. */

const { createStore } = require('redux');
const { pace } = require('../../support/pace');

const SESSIONS_PER_SECOND = 80;
const ACTIONS_PER_SECOND = 10;
const STAY_MS = 250;

function board(state = { posts: [], version: 0 }, action) {
  if (action.type !== 'posted') return state;
  return { posts: [...state.posts.slice(-19), action.post], version: state.version + 1 };
}

const store = createStore(board);

class Session {
  constructor(id) {
    this.id = id;
    this.open = true;
    this.outbox = [];
    store.subscribe(() => this.refresh());
    setTimeout(() => this.end(), STAY_MS);
  }

  refresh() {
    if (this.open) this.outbox.push(...store.getState().posts.slice(-1));
  }

  end() {
    this.open = false;
  }
}

setInterval(() => {
  store.dispatch({ type: 'posted', post: { at: Date.now(), text: 'hello all' } });
}, 1000 / ACTIONS_PER_SECOND);

pace(SESSIONS_PER_SECOND, (n) => new Session(n)).then(() => process.exit(0));
