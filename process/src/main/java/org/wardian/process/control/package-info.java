/** QMP's commands and events of a machine, a class for each group. */
package org.wardian.process.control;
