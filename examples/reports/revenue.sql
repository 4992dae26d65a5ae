SELECT
    report.window_start AS day,
    campaigns.name AS campaign,
    sum(report.conversions) AS orders,
    sum(report.conversion_value) AS revenue
FROM klaviyo.campaign_daily AS report
LEFT JOIN klaviyo.campaigns AS campaigns ON report.campaign_id = campaigns.id
GROUP BY report.window_start, campaigns.name
HAVING sum(report.conversion_value) > 0
ORDER BY day, revenue DESC;
