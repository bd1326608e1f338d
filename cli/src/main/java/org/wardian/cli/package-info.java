/** The ward command: one verb in each file whose name ends in Verb. */
package org.wardian.cli;
