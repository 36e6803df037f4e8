// The icon of each page in the navigation.
import Activity from '@lucide/svelte/icons/activity'
import BellOff from '@lucide/svelte/icons/bell-off'
import Boxes from '@lucide/svelte/icons/boxes'
import Filter from '@lucide/svelte/icons/filter'
import KeyRound from '@lucide/svelte/icons/key-round'
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'
import ListChecks from '@lucide/svelte/icons/list-checks'
import Megaphone from '@lucide/svelte/icons/megaphone'
import Network from '@lucide/svelte/icons/network'
import Package from '@lucide/svelte/icons/package'
import ScrollText from '@lucide/svelte/icons/scroll-text'
import Send from '@lucide/svelte/icons/send'
import Server from '@lucide/svelte/icons/server'
import Settings from '@lucide/svelte/icons/settings'
import Shield from '@lucide/svelte/icons/shield'
import Shuffle from '@lucide/svelte/icons/shuffle'
import Siren from '@lucide/svelte/icons/siren'
import Webhook from '@lucide/svelte/icons/webhook'
import Workflow from '@lucide/svelte/icons/workflow'
import type { Component } from 'svelte'

type Icon = Component<{ size?: string | number; strokeWidth?: string | number }>

const ICONS: ReadonlyMap<string, Icon> = new Map<string, Icon>([
  ['overview', LayoutDashboard],
  ['events', Siren],
  ['entities', Server],
  ['checks', ListChecks],
  ['silences', BellOff],
  ['services', Network],
  ['pipelines', Workflow],
  ['handlers', Megaphone],
  ['filters', Filter],
  ['mutators', Shuffle],
  ['hooks', Webhook],
  ['assets', Package],
  ['secrets', KeyRound],
  ['deliveries', Send],
  ['access', Shield],
  ['audit', ScrollText],
  ['namespaces', Boxes],
  ['cluster', Activity],
  ['settings', Settings],
])

/** The icon of a page; a plain one for a page that has none of its own. */
export function iconOf(page: string): Icon {
  return ICONS.get(page) ?? LayoutDashboard
}
