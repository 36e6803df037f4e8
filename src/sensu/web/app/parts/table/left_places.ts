// Where lists of events were scrolled to when they were left, by their address, so that Back comes to the same place.
interface LeftPlace {
  scrollTop: number
  cursor: number
}

const MOST = 50
const places = new Map<string, LeftPlace>()

export const leftPlaces = {
  get: (address: string): LeftPlace | undefined => places.get(address),
  /** Keeps a place; of more than fifty the oldest goes. */
  set(address: string, place: LeftPlace): void {
    places.delete(address)
    places.set(address, place)
    for (const oldest of [...places.keys()].slice(0, Math.max(0, places.size - MOST))) places.delete(oldest)
  },
}
