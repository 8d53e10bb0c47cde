import { ErrorEnvelopeSchema, type Task, type TaskPage, TaskPageSchema, TaskSchema } from '@app/contract/zod';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Service, start } from './service.js';

let service: Service;
before(async () => {
  service = await start();
});
after(() => service.stop());

async function create(title: string): Promise<Task> {
  const response = await service.send('POST', '/tasks', { title });
  assert.equal(response.status, 201);
  return TaskSchema.parse(await response.json());
}

async function code(response: Response): Promise<string> {
  return ErrorEnvelopeSchema.parse(await response.json()).error.code;
}

test('a task is created, read, changed and removed', async () => {
  const task = await create('Water the plants');
  assert.equal(task.done, false);
  const path = `/tasks/${task.id}`;
  assert.deepEqual(await (await service.send('GET', path)).json(), task);
  const changed = TaskSchema.parse(await (await service.send('PATCH', path, { done: true })).json());
  assert.deepEqual({ title: changed.title, done: changed.done }, { title: 'Water the plants', done: true });
  assert.equal((await service.send('DELETE', path)).status, 204);
  const gone = await service.send('GET', path);
  assert.equal(gone.status, 404);
  assert.equal(await code(gone), 'TASK_NOT_FOUND');
});

test('every task is on one page, the newest first', async () => {
  const created: string[] = [];
  for (const title of ['one', 'two', 'three', 'four', 'five']) created.push((await create(title)).id);
  const seen: Task[] = [];
  let cursor = '';
  let page: TaskPage;
  do {
    page = TaskPageSchema.parse(await (await service.send('GET', `/tasks?limit=2${cursor}`)).json());
    assert.ok(page.items.length <= 2);
    seen.push(...page.items);
    cursor = `&cursor=${page.nextCursor}`;
  } while (page.hasMore);
  assert.equal(page.nextCursor, null);
  assert.deepEqual(new Set(seen.map((task) => task.id)), new Set(created));
  assert.equal(seen.length, created.length);
  const moments = seen.map((task) => task.createdAt);
  assert.deepEqual(moments, moments.toSorted().reverse());
});

test('what the contract does not allow is refused in the envelope', async () => {
  const cases: [Response, number, string][] = [
    [await service.send('POST', '/tasks', { title: '' }), 400, 'REQUEST_VALIDATION_FAILED'],
    [await service.send('POST', '/tasks', { title: 'x', id: 'y' }), 400, 'REQUEST_VALIDATION_FAILED'],
    [await service.send('PATCH', '/tasks/7', { done: true }), 400, 'REQUEST_VALIDATION_FAILED'],
    [await service.send('GET', '/tasks?cursor=bm9uZQ'), 400, 'TASK_CURSOR_INVALID'],
    [await service.send('GET', '/nowhere'), 404, 'REQUEST_ROUTE_UNKNOWN'],
    [await service.send('PUT', '/tasks'), 405, 'REQUEST_METHOD_NOT_ALLOWED'],
  ];
  for (const [response, status, expected] of cases) {
    assert.equal(response.status, status, expected);
    assert.equal(await code(response), expected);
  }
});
