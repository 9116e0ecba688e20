(() => {
  const time = document.querySelector('time')
  if (time && !isNaN(new Date(time.dateTime))) {
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'long' })
  }
  const box = document.getElementById('again')
  if (!box) return
  const most = 8, slowest = 120, forgotten = 15 * 60_000
  const key = 'again:' + location.pathname + location.search
  const show = state => box.querySelectorAll('[data-state]').forEach(it => { it.hidden = it.dataset.state !== state })
  let tries = 0
  try {
    const kept = JSON.parse(sessionStorage.getItem(key))
    if (kept && Date.now() - kept.at < forgotten) tries = kept.tries
    sessionStorage.setItem(key, JSON.stringify({ tries, at: Date.now() }))
  } catch { return }
  if (!(tries >= 0 && tries < most)) return show('stopped')
  const asked = Number(box.dataset.after) || 0
  const backOff = Math.min(5 * 2 ** tries, slowest) * (0.5 + Math.random())
  let left = Math.ceil(Math.max(backOff, asked * (1 + Math.random() / 4)))
  let isStopped = false
  const count = box.querySelector('.count')
  const tell = () => { count.textContent = left; show(document.hidden ? 'paused' : 'waiting') }
  const again = () => {
    clearInterval(timer)
    sessionStorage.setItem(key, JSON.stringify({ tries: tries + 1, at: Date.now() }))
    location.reload()
  }
  const timer = setInterval(() => {
    if (isStopped || document.hidden || navigator.onLine === false) return
    left -= 1
    if (left > 0) tell()
    else again()
  }, 1000)
  document.addEventListener('visibilitychange', () => { if (!isStopped) tell() })
  box.querySelector('button').addEventListener('click', () => {
    isStopped = true
    clearInterval(timer)
    show('stopped')
  })
  tell()
})()
