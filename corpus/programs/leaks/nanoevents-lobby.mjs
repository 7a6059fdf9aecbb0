/** The lobby of a game on nanoevents: a player listens to two events and forgets how to leave one. */

import { createNanoEvents } from 'nanoevents';
import pacing from '../../support/pace.js';

const PLAYERS_PER_SECOND = 40;
const STAY_MS = 600;
const ROUND_MS = 250;

class Lobby {
  #emitter = createNanoEvents();
  #players = new Map();
  #round = 0;

  on(event, callback) {
    return this.#emitter.on(event, callback);
  }

  join(player) {
    this.#players.set(player.id, player);
    this.#emitter.emit('chat', { from: 'lobby', text: `${player.id} is here` });
  }

  leave(player) {
    this.#players.delete(player.id);
  }

  nextRound() {
    this.#round += 1;
    this.#emitter.emit('round', { number: this.#round, players: this.#players.size });
  }
}

class Player {
  #unbind;
  #lines = [];
  #score = 0;

  constructor(lobby, id) {
    this.id = id;
    this.lobby = lobby;
    this.#unbind = lobby.on('chat', ({ from, text }) => {
      this.#lines.push(`${from}: ${text}`);
      if (this.#lines.length > 5) this.#lines.shift();
    });
    this.#unbind = lobby.on('round', ({ number }) => {
      this.#score += number % 7;
    });
    lobby.join(this);
  }

  leave() {
    this.#unbind();
    this.lobby.leave(this);
  }
}

const lobby = new Lobby();
const rounds = setInterval(() => lobby.nextRound(), ROUND_MS);

await pacing.pace(PLAYERS_PER_SECOND, (n) => {
  const player = new Player(lobby, `player-${n}`);
  setTimeout(() => player.leave(), STAY_MS);
});
clearInterval(rounds);
