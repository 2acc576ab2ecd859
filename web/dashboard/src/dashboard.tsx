import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, Refusal } from './api';
import { AppPage } from './pages/app';
import { AppsPage } from './pages/apps';
import { Databases } from './pages/databases';
import { KeysPage } from './pages/keys';
import { LoginPage } from './pages/login';
import { useUser } from './queries';
import { link, useRoute } from './route';
import { useTheme } from './theme';
import { Icon, Logo, Notice } from './ui/parts';

function titleOf([first, name]: string[]): string {
  if ((first === 'apps' || first === 'databases') && name) return `${name} · Gasper`;
  return first === 'databases' ? 'Databases · Gasper' : first === 'keys' ? 'SSH keys · Gasper' : 'Gasper';
}

export function Dashboard() {
  const user = useUser();
  const route = useRoute();
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  if (user.isPending) return <div className="loading" role="status" aria-label="Loading" />;
  if (user.error instanceof Refusal && user.error.status === 401) return <LoginPage />;
  if (user.error) {
    return (
      <main className="page narrow">
        <Notice kind="bad" title="The server does not answer">{user.error.message}</Notice>
      </main>
    );
  }
  return (
    <>
      <a className="skip" href="#content">Skip to content</a>
      <Header user={user.data.name} section={route[0] ?? 'apps'} name={route[1]} />
      <main id="content" className="page" tabIndex={-1}>
        <Page route={route} />
      </main>
    </>
  );
}

function Page({ route }: { route: string[] }) {
  const [first, name, tab] = route;
  if (first === 'apps' && name) return <AppPage key={name} name={name} tab={tab ?? 'overview'} />;
  if (first === 'databases') return <Databases name={name} tab={tab ?? 'overview'} />;
  if (first === 'keys') return <KeysPage />;
  if (first === undefined || first === 'apps') return <AppsPage />;
  return <Notice kind="plain" title="There is no such page"><a {...link('/apps')}>All apps</a></Notice>;
}

function Header({ user, section, name }: { user: string; section: string; name?: string }) {
  const queries = useQueryClient();
  const [theme, next] = useTheme();
  const leave = async () => {
    await api.logout();
    await queries.resetQueries(); // forgets what was read, and asks anew who we are
  };
  return (
    <header className="top">
      <div className="top-inner">
        <a className="brand" {...link('/apps')} aria-label="Gasper, all apps"><Logo /> <span>Gasper</span></a>
        {name && (section === 'apps' || section === 'databases') && <nav aria-label="Breadcrumb" className="crumbs"><span aria-hidden="true">/</span><a {...link(`/${section}/${name}`)} aria-current="page">{name}</a></nav>}
        <nav aria-label="Main" className="top-nav">
          <a {...link('/apps')} aria-current={section === 'apps' && !name ? 'page' : undefined}>Apps</a>
          <a {...link('/databases')} aria-current={section === 'databases' && !name ? 'page' : undefined}>Databases</a>
          <a {...link('/keys')} aria-current={section === 'keys' ? 'page' : undefined}>SSH keys</a>
        </nav>
        <div className="top-end">
          <button className="icon-button" onClick={next} title={`Theme: ${theme}`} aria-label={`Theme: ${theme}. Change`}><Icon name={theme} /></button>
          <span className="who" title="Logged in">{user}</span>
          <button className="button quiet" onClick={leave}>Log out</button>
        </div>
      </div>
    </header>
  );
}
