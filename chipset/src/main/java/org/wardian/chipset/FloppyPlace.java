package org.wardian.chipset;

/**
 * A sector's address as commands and results of a floppy disk controller have it.
 *
 * @param cylinder from 0
 * @param head 0 or 1
 * @param sector from 1
 */
record FloppyPlace(int cylinder, int head, int sector) {
  /**
   * The place behind so many sectors (82077AA data sheet, table 5-4 "Result Phase Table"): behind
   * the track's last sector, a command for one track goes to the next cylinder and keeps its head,
   * one for both goes to the other head. Linux computes from it how much was moved.
   *
   * @param sectors how many were moved
   * @param last the last sector of a track, as the command names it
   * @param bothHeads whether the command goes on at the other head
   */
  FloppyPlace behind(int sectors, int last, boolean bothHeads) {
    FloppyPlace place = this;
    for (int n = 0; n < sectors; n++) {
      place = place.next(last, bothHeads);
    }
    return place;
  }

  private FloppyPlace next(int last, boolean bothHeads) {
    if (sector < last) {
      return new FloppyPlace(cylinder, head, sector + 1);
    }
    if (!bothHeads) {
      return new FloppyPlace(cylinder + 1, head, 1);
    }
    return new FloppyPlace(cylinder + head, head ^ 1, 1);
  }
}
