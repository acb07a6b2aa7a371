/** Topics and the filters that hear them. MQTT 3.1.1 §4.7 */

/** Whether a topic fits a filter with `+` (one level) and `#` (the rest). */
export function topicFits(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const got = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (got[i] === undefined || (level !== '+' && level !== got[i])) return false;
  }
  return wanted.length === got.length;
}
