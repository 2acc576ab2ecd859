import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The files end up inside the server's binary and under its Content-Security-Policy: nothing inline, no other hosts.
export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 600 },
  server: { proxy: { '/api': { target: process.env.GASPER_API_URL ?? 'http://127.0.0.1:8000' } } },
});
