package org.wardian.network.nat;

/**
 * What a user-mode network has done since it began.
 *
 * @param framesIn frames from the guest
 * @param bytesIn their bytes
 * @param framesOut frames to the guest
 * @param bytesOut their bytes
 * @param malformed packets from the guest that were dropped because they break a format
 * @param refused packets from the guest that were dropped because they go where they may not
 * @param overLimit packets and connections that were dropped because a limit was reached
 * @param undelivered frames that the card had no room for and that were dropped
 * @param connections TCP connections in all
 * @param connectionsOpen TCP connections now
 * @param flows UDP flows in all
 * @param flowsOpen UDP flows now
 * @param retransmissions TCP segments that were sent again
 * @param queries names that were asked for
 * @param memory bytes of buffers for TCP data
 * @param failures faults of this program that cost a packet or a connection; 0 is expected
 */
public record NatStatistics(
    long framesIn,
    long bytesIn,
    long framesOut,
    long bytesOut,
    long malformed,
    long refused,
    long overLimit,
    long undelivered,
    long connections,
    long connectionsOpen,
    long flows,
    long flowsOpen,
    long retransmissions,
    long queries,
    long memory,
    long failures) {}
