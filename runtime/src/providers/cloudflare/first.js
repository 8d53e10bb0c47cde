// What answers until the first deployment.
export default {
  fetch: () => new Response('Nothing is deployed here yet.\n', { status: 503, headers: { 'cache-control': 'no-store' } }),
};
