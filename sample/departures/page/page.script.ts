/** Runs in the browser: shows each snapshot as it comes. Data is only ever set as text, never as HTML. */
export const SCRIPT = `
const byId = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString('en');
const minutes = (delay) => delay.toFixed(1);
const level = (delay) => 'level' + Math.max(0, Math.min(4, Math.floor(delay / 5)));
const circles = new Map();

function fill(id, rows, none) {
  const cells = (row) => row.map((value) => {
    const cell = document.createElement('td');
    cell.textContent = value;
    if (/^[-\\d.,]+$/.test(value)) cell.className = 'number';
    return cell;
  });
  byId(id).replaceChildren(...(rows.length ? rows : [[none]]).map((row) => {
    const line = document.createElement('tr');
    line.append(...cells(row));
    return line;
  }));
}

function circleOf({ iata, at }) {
  if (circles.has(iata)) return circles.get(iata);
  const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
  circle.append(document.createElementNS('http://www.w3.org/2000/svg', 'title'));
  circle.dataset.iata = iata;
  circle.setAttribute('cx', at.x);
  circle.setAttribute('cy', at.y);
  circles.set(iata, circle);
  byId('airports').append(circle);
  return circle;
}

function draw(airports) {
  const most = airports.length ? airports[0].departures : 1;
  for (const airport of airports.filter(({ at }) => at)) {
    const circle = circleOf(airport);
    circle.setAttribute('r', (2 + 16 * Math.sqrt(airport.departures / most)).toFixed(1));
    circle.setAttribute('class', level(airport.delay));
    circle.firstChild.textContent = airport.iata + ', ' + airport.name + ': ' + count(airport.departures) +
      ' departures, ' + minutes(airport.delay) + ' minutes late on average, ' + count(airport.longDelays) + ' over an hour';
  }
}

function show({ airports, alerts, deadLetters, departures, groups, longDelays, sentPerSecond }) {
  byId('departures').textContent = count(departures);
  byId('longDelays').textContent = count(longDelays);
  byId('sentPerSecond').textContent = count(sentPerSecond);
  byId('deadLetters').textContent = count(deadLetters.total);
  draw(airports);
  fill('busiest', airports.slice(0, 8).map((airport) => [
    airport.iata + ' ' + airport.city, count(airport.departures), minutes(airport.delay), count(airport.longDelays),
  ]), 'None has left yet');
  fill('groups', groups.map(({ commits, lag, name, perSecond, state }) => [
    name, state === 'running' ? commits : state, count(perSecond), count(lag),
  ]), '');
  fill('alerts', alerts.map(({ delay, from, to }) => [from, to, count(delay)]), 'None');
  fill('letters', deadLetters.latest.map(({ reason, record }) => [record, reason]), 'None');
}

const events = new EventSource('events');
events.onopen = () => { byId('connection').textContent = 'Live'; };
events.onmessage = ({ data }) => show(JSON.parse(data));
events.onerror = () => { byId('connection').textContent = 'Connection lost, trying again …'; };
`;
