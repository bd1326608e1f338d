/** Rules that decide which frames pass a card: compiled once, judged for each frame. */
package org.wardian.network.filter;
