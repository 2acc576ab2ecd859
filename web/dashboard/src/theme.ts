// Light, dark, or as the system says.
import { useState } from 'react';

export type Theme = 'system' | 'light' | 'dark';
const order: Theme[] = ['system', 'light', 'dark'];

function stored(): Theme {
  const value = localStorage.getItem('theme');
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function applyTheme(theme: Theme = stored()) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, () => void] {
  const [theme, set] = useState(stored);
  return [
    theme,
    () => {
      const next = order[(order.indexOf(theme) + 1) % order.length]!;
      localStorage.setItem('theme', next);
      applyTheme(next);
      set(next);
    },
  ];
}
