// A log as it comes: server-sent events, gathered and shown once a frame. The browser reconnects by itself and goes
// on behind the last line it has.
import { useEffect, useState } from 'react';

export interface Line { id: number; text: string }
export interface Stream { lines: Line[]; state: 'connecting' | 'live' | 'ended' | 'lost'; end?: { state: string; reason: string } }

const most = 5000;
// eslint-disable-next-line no-control-regex
const escapes = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|[\x00-\x08\x0b-\x1f\x7f]/g;

export function useStream(url: string | null): Stream {
  const [stream, set] = useState<Stream>({ lines: [], state: 'connecting' });
  useEffect(() => {
    set({ lines: [], state: 'connecting' });
    if (!url) return;
    const source = new EventSource(url);
    let waiting: Line[] = [];
    let frame = 0;
    let count = 0;
    const flush = () => {
      frame = 0;
      const fresh = waiting;
      waiting = [];
      set((s) => ({ ...s, state: s.state === 'ended' ? s.state : 'live', lines: [...s.lines, ...fresh].slice(-most) }));
    };
    source.onmessage = (e: MessageEvent<string>) => {
      waiting.push({ id: ++count, text: e.data.replace(escapes, '') });
      frame ||= requestAnimationFrame(flush);
    };
    source.onopen = () => set((s) => ({ ...s, state: 'live' }));
    source.onerror = () => set((s) => (s.state === 'ended' ? s : { ...s, state: source.readyState === EventSource.CLOSED ? 'lost' : 'connecting' }));
    source.addEventListener('end', (e) => {
      source.close();
      const end = JSON.parse((e as MessageEvent<string>).data) as Stream['end'];
      set((s) => ({ ...s, state: 'ended', end }));
    });
    return () => {
      source.close();
      cancelAnimationFrame(frame);
    };
  }, [url]);
  return stream;
}
