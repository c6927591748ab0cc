/** The shop, for every view below the app. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Shop } from '../shop/shop.ts'

/** Holds the shop. */
export const ShopContext = createContext<Shop | undefined>(undefined)

/** Takes the shop. */
export function useShop(): Shop {
  const shop = useContext(ShopContext)
  if (!shop) throw new Error('There is no shop around this view')
  return shop
}
