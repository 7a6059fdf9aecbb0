'use strict';

/**
 * The state of a shop as one immutable Map that each action replaces. A basket that is ordered is
 * moved to the orders of the day; an abandoned one, one in three, stays in the state.
 */

const { List, Map: IMap, Record } = require('immutable');
const { pace } = require('../../support/pace');

const ACTIONS_PER_SECOND = 200;
const LAST_ORDERS = 50;

const Basket = Record({ id: '', visitor: '', items: List(), updated: 0 });

function reduce(state, action) {
  switch (action.type) {
    case 'opened':
      return state.setIn(
        ['baskets', action.id],
        Basket({ id: action.id, visitor: action.visitor }),
      );
    case 'added':
      return state.updateIn(['baskets', action.id], (basket) =>
        basket.set('items', basket.items.push(IMap(action.item))).set('updated', action.at),
      );
    case 'ordered': {
      const basket = state.getIn(['baskets', action.id]);
      return state
        .deleteIn(['baskets', action.id])
        .update('orders', (orders) => orders.push(basket).takeLast(LAST_ORDERS));
    }
    default:
      return state;
  }
}

class Store {
  constructor() {
    this.state = IMap({ baskets: IMap(), orders: List() });
  }

  dispatch(action) {
    this.state = reduce(this.state, action);
  }
}

const store = new Store();

pace(ACTIONS_PER_SECOND, (n) => {
  const visit = Math.floor(n / 4);
  const id = `basket-${visit}`;
  const step = n % 4;
  if (step === 0) store.dispatch({ type: 'opened', id, visitor: `visitor-${visit % 5_000}` });
  else if (step < 3) {
    const item = { sku: `sku-${(n * 13) % 900}`, count: 1 + (n % 2) };
    store.dispatch({ type: 'added', id, item, at: Date.now() });
  } else if (visit % 3 !== 0) store.dispatch({ type: 'ordered', id });
});
