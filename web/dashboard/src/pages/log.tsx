import { useEffect, useRef, useState } from 'react';
import { useStream } from '../stream';

function kindOf(text: string): string {
  if (/^-+>/.test(text)) return 'step';
  if (/^\s*!/.test(text)) return 'wrong';
  return '';
}

// "2026-01-02T03:04:05.678Z app[web.1]: text"
const stamped = /^(\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S*) (\S+\[[^\]]*\]):? ?(.*)$/;

function Text({ text }: { text: string }) {
  const parts = stamped.exec(text);
  if (!parts) return <>{text || ' '}</>;
  return <><time dateTime={parts[1]} title={parts[1]}>{parts[2]}</time> <b>{parts[3]}</b> {parts[4]}</>;
}

export function LogView({ url, title, tall }: { url: string; title: string; tall?: boolean }) {
  const { lines, state, end } = useStream(url);
  const box = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow]);
  const scrolled = () => {
    const b = box.current!;
    setFollow(b.scrollHeight - b.scrollTop - b.clientHeight < 24);
  };
  return (
    <div className={`log ${tall ? 'tall' : ''}`}>
      <div className="log-lines" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={title} aria-live="off">
        {lines.map((line) => <div key={line.id} className={kindOf(line.text)}><Text text={line.text} /></div>)}
        {lines.length === 0 && <div className="faint">{state === 'connecting' ? 'Connecting…' : state === 'live' ? 'Waiting for output…' : 'Nothing was written.'}</div>}
      </div>
      <div className="log-foot">
        <span className={`stream-state ${state}`}>{state === 'live' ? 'live' : state === 'connecting' ? 'connecting' : state === 'lost' ? 'connection lost' : (end?.state ?? 'ended')}{end?.reason && `: ${end.reason}`}</span>
        {!follow && <button className="button small on-dark" onClick={() => setFollow(true)}>Go to the end</button>}
      </div>
    </div>
  );
}
