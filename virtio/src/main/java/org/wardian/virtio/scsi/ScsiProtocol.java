package org.wardian.virtio.scsi;

/** Numbers of the SCSI host device (virtio 1.2 §5.6). */
final class ScsiProtocol {
  static final long HOTPLUG = 1L << 1;
  static final long CHANGE = 1L << 2;

  static final int CONTROL_QUEUE = 0;
  static final int EVENT_QUEUE = 1;
  static final int FIRST_REQUEST_QUEUE = 2;

  // The configuration (§5.6.4).
  static final int CONFIG_QUEUES = 0;
  static final int CONFIG_SEGMENTS = 4;
  static final int CONFIG_SECTORS = 8;
  static final int CONFIG_COMMANDS = 12;
  static final int CONFIG_EVENT_SIZE = 16;
  static final int CONFIG_SENSE_SIZE = 20;
  static final int CONFIG_COMMAND_SIZE = 24;
  static final int CONFIG_TARGETS = 30;
  static final int CONFIG_UNITS = 32;
  static final int CONFIG_LENGTH = 36;

  static final int SENSE_SIZE = 96;
  static final int COMMAND_SIZE = 32;
  static final int MOST_SENSE = 252;
  static final int MOST_COMMAND = 260;
  static final int EVENT_SIZE = 16;

  /** Bytes of a request before its command, and of a response before its sense data (§5.6.6.1). */
  static final int REQUEST_HEADER = 19;

  static final int RESPONSE_HEADER = 12;

  static final int OK = 0;
  static final int OVERRUN = 1;
  static final int BAD_TARGET = 3;
  static final int FAILURE = 9;

  // Control requests (§5.6.6.2).
  static final int TASK_MANAGEMENT = 0;
  static final int NOTIFICATION_QUERY = 1;
  static final int NOTIFICATION_SUBSCRIBE = 2;
  static final int TASK_MANAGEMENT_LENGTH = 24;
  static final int NOTIFICATION_LENGTH = 16;

  static final int ABORT_TASK = 0;
  static final int ABORT_TASK_SET = 1;
  static final int CLEAR_TASK_SET = 3;
  static final int NEXUS_RESET = 4;
  static final int UNIT_RESET = 5;
  static final int QUERY_TASK = 6;
  static final int QUERY_TASK_SET = 7;

  static final int FUNCTION_COMPLETE = 0;
  static final int FUNCTION_REJECTED = 11;
  static final int INCORRECT_UNIT = 12;

  // Events (§5.6.6.3).
  static final int EVENT_TRANSPORT_RESET = 1;
  static final int EVENT_PARAMETER_CHANGE = 3;
  static final int EVENTS_MISSED = 1 << 31;

  static final int REASON_RESCAN = 1;
  static final int REASON_REMOVED = 2;

  private ScsiProtocol() {}
}
