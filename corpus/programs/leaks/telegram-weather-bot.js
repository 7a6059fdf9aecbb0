'use strict';

/**
 * A weather bot with grammY. Forecasts are in an LRU that changes all the time; the session of each chat
 * is in grammY's default storage, where it stays after the chat's last message.
 */

const { Bot, session } = require('grammy');
const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const MESSAGES_PER_SECOND = 60;
const REGULARS = 50;
const FORECASTS = 1500;
const STATIONS_PER_MESSAGE = 6;

const forecasts = new LRUCache({ max: FORECASTS });
const answers = { sent: 0 };

function forecast(station, minute) {
  const key = `${station}@${minute}`;
  const known = forecasts.get(key);
  if (known !== undefined) return known;
  const hours = Array.from({ length: 8 }, (_, hour) => ({ hour, celsius: (station + hour) % 30 }));
  const fresh = { station, minute, hours };
  forecasts.set(key, fresh);
  return fresh;
}

function makeBot() {
  const bot = new Bot('123456:test', {
    botInfo: {
      id: 123456,
      is_bot: true,
      first_name: 'Weather',
      username: 'weather_bot',
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
    },
  });
  bot.api.config.use(async () => {
    answers.sent += 1;
    return { ok: true, result: true };
  });
  bot.use(session({ initial: () => ({ town: undefined, asked: [] }) }));
  bot.on('message:text', async (context) => {
    const town = context.message.text.split(' ').at(-1);
    const { session: state } = context;
    state.town = town;
    state.asked.push({ town, at: context.message.date });
    if (state.asked.length > 5) state.asked.shift();
    const stations = Array.from({ length: STATIONS_PER_MESSAGE }, (_, n) =>
      forecast(Number(town) * 10 + n, context.message.date),
    );
    const warmest = Math.max(...stations.map(({ hours }) => hours[0].celsius));
    await context.reply(`${town}: ${warmest} degrees`);
  });
  return bot;
}

async function main() {
  const bot = makeBot();
  await bot.init();
  await pace(MESSAGES_PER_SECOND, (n) => {
    // Half are regulars; the others ask once, on their way.
    const id = n % 2 === 0 ? 1000 + (n % REGULARS) : 1_000_000 + n;
    bot.handleUpdate({
      update_id: n,
      message: {
        message_id: n,
        date: Math.floor(n / 5),
        text: `weather in ${Math.floor(Math.random() * 200)}`,
        chat: { id, type: 'private', first_name: `User ${id}` },
        from: { id, is_bot: false, first_name: `User ${id}` },
      },
    });
  });
  process.exit(answers.sent > 0 ? 0 : 1);
}

main();
