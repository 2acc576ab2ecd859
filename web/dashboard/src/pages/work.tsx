import { useState } from 'react';
import { api, type Job } from '../api';
import { databaseOf } from '../databases';
import { ended, useJob } from '../queries';
import { LogView } from './log';

const doing: Record<string, string> = {
  deploy: 'Deploying', release: 'Releasing', config: 'Setting config vars', rollback: 'Rolling back', restart: 'Restarting',
  'service-create': 'Creating', 'service-destroy': 'Destroying', 'service-start': 'Starting', 'service-stop': 'Stopping', 'service-restart': 'Restarting',
  'service-upgrade': 'Upgrading', 'service-rollback': 'Going back to the data of before in', backup: 'Backing up', restore: 'Restoring', import: 'Importing into',
  attach: 'Attaching to', detach: 'Detaching from', rotate: 'Rotating credentials of', promote: 'Promoting in',
};
const ofAnApp = ['attach', 'detach', 'rotate', 'promote'];

function titleOf(job: Job): string {
  const what = doing[job.kind] ?? job.kind;
  const subject = databaseOf(job) ?? (ofAnApp.includes(job.kind) ? job.app : '');
  return subject ? `${what} ${subject}` : what;
}

/** A piece of work that was started here, until it has ended. With `log` its log is open while it runs and when it failed. */
export function JobNotice({ job, log = false, onClose }: { job: Job; log?: boolean; onClose: () => void }) {
  const current = useJob(job.id).data ?? job;
  const [chosen, choose] = useState<boolean | null>(null);
  const what = titleOf(current);
  const over = ended(current);
  const failed = over && current.state !== 'succeeded';
  const open = chosen ?? (log && (!over || failed));
  return (
    <div className="work">
      <div className={`notice ${failed ? 'bad' : over ? 'good' : 'busy'}`} role={failed ? 'alert' : 'status'}>
        <strong>{what}{!over ? '…' : failed ? `: ${current.state}` : ': done'}</strong>
        <div>{failed ? current.reason : over ? '' : current.step}</div>
        <span className="notice-actions">
          <button className="button quiet" aria-expanded={open} onClick={() => choose(!open)}>{open ? 'Hide log' : 'Log'}</button>
          {over && <button className="button quiet" onClick={onClose}>Dismiss</button>}
        </span>
      </div>
      {open && <LogView url={api.jobLog(job.id)} title={`Log: ${what}`} />}
    </div>
  );
}
