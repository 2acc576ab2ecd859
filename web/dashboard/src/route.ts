// Addresses of pages: the browser's history, and nothing else.
import { useSyncExternalStore, type MouseEvent } from 'react';

const changed = new Set<() => void>();
addEventListener('popstate', () => changed.forEach((tell) => tell()));

export function go(path: string) {
  if (path !== location.pathname) history.pushState(null, '', path);
  changed.forEach((tell) => tell());
  scrollTo(0, 0);
}

const subscribe = (tell: () => void) => {
  changed.add(tell);
  return () => void changed.delete(tell);
};

/** The path's parts, unescaped: "/apps/hello/config" is ["apps", "hello", "config"]. */
export function useRoute(): string[] {
  const path = useSyncExternalStore(subscribe, () => location.pathname);
  return path.split('/').filter(Boolean).map(unescaped);
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Props of an <a> that stays within the page; a click with a modifier is the browser's own. */
export function link(path: string) {
  return {
    href: path,
    onClick: (e: MouseEvent) => {
      if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
      e.preventDefault();
      go(path);
    },
  };
}
