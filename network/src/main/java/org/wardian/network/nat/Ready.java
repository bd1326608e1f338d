package org.wardian.network.nat;

/** What a selection key is attached to: called when its channel is ready for something. */
interface Ready {
  void ready(int operations);
}
